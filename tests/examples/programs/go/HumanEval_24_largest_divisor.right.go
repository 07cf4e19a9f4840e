// podium: passed
    d := n - 1
    for n%d != 0 {
        d--
    }
    return d
}
