// podium: syntax_error
        long square = n * n;
