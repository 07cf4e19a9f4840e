// podium: passed
    while ($b != 0) {
        list($a, $b) = array($b, $a % $b);
    }
    return $a;
}
