// podium: passed
    out := []int{}
    for x := 0; x < 1000; x++ {
        a, b := false, false
        for _, y := range l1 {
            a = a || x == y
        }
        for _, y := range l2 {
            b = b || x == y
        }
        if a && b {
            out = append(out, x)
        }
    }
    return out
}
