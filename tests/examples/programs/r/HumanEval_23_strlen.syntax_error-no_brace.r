# podium: syntax_error
    nchar(string)
