// podium: passed
    return (0...n).map { String($0) }.joined(separator: " ")
