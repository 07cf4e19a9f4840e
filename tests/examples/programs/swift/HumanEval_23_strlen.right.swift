// podium: passed
    return string.count
