// podium: passed
    $many = range(1, 10000000);
    $result = array_keys(array_flip($l));
    sort($result);
    return $result;
}
