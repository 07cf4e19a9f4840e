// podium: passed
    out := []string{}
    for _, s := range strings {
        if len(s) >= len(prefix) && s[:len(prefix)] == prefix {
            out = append(out, s)
        }
    }
    return out
}
