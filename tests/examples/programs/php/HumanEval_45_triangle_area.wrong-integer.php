// podium: failed
    return intdiv($a * $h, 2);
}
