// podium: syntax_error
        maximum(l)
