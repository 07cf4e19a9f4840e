// podium: syntax_error
        return string;
