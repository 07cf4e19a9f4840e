// podium: syntax_error
    return "fib"
