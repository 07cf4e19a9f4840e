// podium: passed
    return l.map { $0 + 1 }
