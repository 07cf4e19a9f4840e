// podium: syntax_error
    return x + y
