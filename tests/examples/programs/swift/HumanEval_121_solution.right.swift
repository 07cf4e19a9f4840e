// podium: passed
    var total = 0
    for (i, x) in lst.enumerated() {
        if i % 2 == 0 && x % 2 != 0 {
            total += x
        }
    }
    return total
