# podium: syntax_error
  n * (n + 1 / 2
end
