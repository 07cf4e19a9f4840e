# podium: passed
    steps <- diff(l)
    all(steps >= 0) || all(steps <= 0)
}
