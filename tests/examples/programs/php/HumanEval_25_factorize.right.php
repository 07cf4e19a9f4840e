// podium: passed
    $factors = array();
    for ($p = 2; $p <= $n; $p++) {
        while ($n % $p === 0) {
            $factors[] = $p;
            $n = intdiv($n, $p);
        }
    }
    return $factors;
}
