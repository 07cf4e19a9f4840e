// podium: output_limit
    for ($i = 0; $i < 40000; $i++) {
        $x += $unknown;
    }
    return $x + $y;
}
