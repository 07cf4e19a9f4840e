// podium: passed
    var x = a
    var y = b
    while y != 0 {
        (x, y) = (y, x % y)
    }
    return x
