// podium: passed
    return array_map(fn($x) => $x + 1, $l);
}
