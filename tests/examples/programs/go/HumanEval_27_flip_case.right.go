// podium: passed
    out := []byte(myString)
    for i, c := range out {
        switch {
        case c >= 'a' && c <= 'z':
            out[i] = c - 32
        case c >= 'A' && c <= 'Z':
            out[i] = c + 32
        }
    }
    return string(out)
}
