// podium: passed
    out := []int{}
    for _, x := range l {
        out = append(out, x+1)
    }
    return out
}
