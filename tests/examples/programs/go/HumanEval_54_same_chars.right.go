// podium: passed
    a, b := map[rune]bool{}, map[rune]bool{}
    for _, c := range s0 {
        a[c] = true
    }
    for _, c := range s1 {
        b[c] = true
    }
    return fmt.Sprint(a) == fmt.Sprint(b)
}
