# podium: passed
    a * h / 2
}
