# podium: passed
  warn "n is #{n}"
  (1..n).sum
end
