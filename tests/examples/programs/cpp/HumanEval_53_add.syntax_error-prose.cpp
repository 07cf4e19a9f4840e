// podium: syntax_error
    return x + y;
This adds both numbers.
