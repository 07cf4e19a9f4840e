// podium: passed
    out := []int{}
    for i, x := range numbers {
        if i > 0 {
            out = append(out, delimeter)
        }
        out = append(out, x)
    }
    return out
}
