// podium: passed
    var (a, b, c) = (0, 0, 1)
    for _ in 0..<n {
        (a, b, c) = (b, c, a + b + c)
    }
    return a
