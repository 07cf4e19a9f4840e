// podium: passed
    return strings.joined()
