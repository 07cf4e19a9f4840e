// podium: passed
    $result = 1;
    for ($i = 0; $i < $n; $i++) {
        $result = 2 * $result % $p;
    }
    return $result;
}
