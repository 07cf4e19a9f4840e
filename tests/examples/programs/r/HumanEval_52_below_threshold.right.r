# podium: passed
    all(l < t)
}
