// podium: passed
    out := []rune{}
    for _, c := range text {
        switch c {
        case 'a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U':
        default:
            out = append(out, c)
        }
    }
    return string(out)
}
