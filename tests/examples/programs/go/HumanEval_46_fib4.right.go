// podium: passed
    a, b, c, d := 0, 0, 2, 0
    for i := 0; i < n; i++ {
        a, b, c, d = b, c, d, a+b+c+d
    }
    return a
}
