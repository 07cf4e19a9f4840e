// podium: passed
    $result = "";
    while ($x > 0) {
        $result = ($x % $base) . $result;
        $x = intdiv($x, $base);
    }
    return $result;
}
