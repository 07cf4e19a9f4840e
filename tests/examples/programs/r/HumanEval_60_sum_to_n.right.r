# podium: passed
    n * (n + 1) / 2
}
