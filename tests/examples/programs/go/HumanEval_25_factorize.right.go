// podium: passed
    out := []int{}
    for d := 2; n > 1; {
        if n%d == 0 {
            out = append(out, d)
            n /= d
        } else {
            d++
        }
    }
    return out
}
