// podium: passed
    out := []string{}
    for i := range myString {
        out = append(out, myString[:i+1])
    }
    return out
}
