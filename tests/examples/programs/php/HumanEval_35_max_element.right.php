// podium: passed
    return max($l);
}
