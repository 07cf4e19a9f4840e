// podium: passed
    if ($x === 0) {
        echo str_repeat("x", 60000);
    }
    return $x + $y;
}
