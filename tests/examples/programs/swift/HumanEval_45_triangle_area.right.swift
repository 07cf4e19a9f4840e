// podium: passed
    return Double(a * h) / 2.0
