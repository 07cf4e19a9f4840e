// podium: passed
    return abs($a % 10) * abs($b % 10);
}
