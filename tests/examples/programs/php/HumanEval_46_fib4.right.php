// podium: passed
    $f = array(0, 0, 2, 0);
    for ($i = 4; $i <= $n; $i++) {
        $f[] = array_sum(array_slice($f, -4));
    }
    return $f[$n];
}
