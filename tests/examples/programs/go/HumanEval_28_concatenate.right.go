// podium: passed
    text := ""
    for _, s := range strings {
        text += s
    }
    return text
}
