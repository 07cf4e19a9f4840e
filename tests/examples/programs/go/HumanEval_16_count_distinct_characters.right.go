// podium: passed
    seen := map[rune]bool{}
    for _, c := range myString {
        if c >= 'A' && c <= 'Z' {
            c += 'a' - 'A'
        }
        seen[c] = true
    }
    return len(seen)
}
