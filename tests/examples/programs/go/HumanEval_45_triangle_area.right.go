// podium: passed
    return float64(a*h) / 2
}
