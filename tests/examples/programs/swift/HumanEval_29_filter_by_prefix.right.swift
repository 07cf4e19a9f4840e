// podium: passed
    return strings.filter { $0.hasPrefix(prefix) }
