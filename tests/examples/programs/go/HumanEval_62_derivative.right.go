// podium: passed
    out := []int{}
    for i := 1; i < len(xs); i++ {
        out = append(out, i*xs[i])
    }
    return out
}
