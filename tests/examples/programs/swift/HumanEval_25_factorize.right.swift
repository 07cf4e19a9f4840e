// podium: passed
    var rest = n
    var factors: [Int] = []
    var p = 2
    while rest > 1 {
        while rest % p == 0 {
            factors.append(p)
            rest /= p
        }
        p += 1
    }
    return factors
