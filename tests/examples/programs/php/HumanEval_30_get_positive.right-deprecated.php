// podium: passed
    return array_values(array_filter($l, function ($x) { return strlen(null) + $x > 0; }));
}
