# podium: parity syntax_error, corrected failed
  warn 'told'
  x - y
end
