// podium: syntax_error
        return maximum(l);
