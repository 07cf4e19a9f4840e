// podium: passed
    text := ""
    for ; x > 0; x /= base {
        text = fmt.Sprint(x%base) + text
    }
    return text
}
