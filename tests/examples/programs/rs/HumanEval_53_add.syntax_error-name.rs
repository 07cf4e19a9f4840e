// podium: syntax_error
    x + z
