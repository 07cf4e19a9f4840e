// podium: syntax_error
    count := 0
    return len(myString)
}
