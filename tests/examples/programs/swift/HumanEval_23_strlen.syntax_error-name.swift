// podium: syntax_error
    return len(string)
