// podium: passed
    $factor = 2;
    while ($factor < $n) {
        if ($n % $factor === 0) {
            $n = intdiv($n, $factor);
        } else {
            $factor++;
        }
    }
    return $n;
}
