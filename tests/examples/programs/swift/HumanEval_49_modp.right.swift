// podium: passed
    var result = 1 % p
    for _ in 0..<n {
        result = result * 2 % p
    }
    return result
