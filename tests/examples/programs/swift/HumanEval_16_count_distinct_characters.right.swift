// podium: passed
    return Set(string.lowercased()).count
