// podium: passed
    var a = 0
    var b = 1
    for _ in 0..<n {
        (a, b) = (b, a + b)
    }
    return a
