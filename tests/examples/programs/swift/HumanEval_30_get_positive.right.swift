// podium: passed
    return l.filter { $0 > 0 }
