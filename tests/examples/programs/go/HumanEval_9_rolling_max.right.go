// podium: passed
    out := make([]int, len(numbers))
    for i, x := range numbers {
        out[i] = x
        if i > 0 && out[i-1] > x {
            out[i] = out[i-1]
        }
    }
    return out
}
