// podium: passed
    $result = array_unique($l);
    sort($result);
    return $result;
}
