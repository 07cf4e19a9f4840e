# podium: parity syntax_error, corrected failed
  x + y
end
raise 'told'
