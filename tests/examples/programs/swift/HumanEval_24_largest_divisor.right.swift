// podium: passed
    var i = n - 1
    while n % i != 0 {
        i -= 1
    }
    return i
