// podium: passed
    d := 2
    for n > d {
        if n%d == 0 {
            n /= d
        } else {
            d++
        }
    }
    return n
}
