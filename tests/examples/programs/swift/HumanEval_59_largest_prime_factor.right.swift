// podium: passed
    var rest = n
    var best = 1
    var p = 2
    while rest > 1 {
        if rest % p == 0 {
            best = p
            rest /= p
        } else {
            p += 1
        }
    }
    return best
