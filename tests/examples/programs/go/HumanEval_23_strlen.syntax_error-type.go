// podium: syntax_error
    return myString
}
