# podium: passed
  (1..n).sum
end
