// podium: syntax_error
        "x"
