// podium: passed
    text := "0"
    for i := 1; i <= n; i++ {
        text += fmt.Sprintf(" %d", i)
    }
    return text
}
