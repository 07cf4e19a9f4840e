// podium: passed
    $a = 0;
    $b = 0;
    $c = 1;
    for ($i = 0; $i < $n; $i++) {
        $next = $a + $b + $c;
        $a = $b;
        $b = $c;
        $c = $next;
    }
    return $a;
}
