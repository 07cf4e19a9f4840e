// podium: passed
    return l.allSatisfy { $0 < t }
