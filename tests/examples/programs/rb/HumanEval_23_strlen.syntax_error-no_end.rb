# podium: syntax_error
  string.length
