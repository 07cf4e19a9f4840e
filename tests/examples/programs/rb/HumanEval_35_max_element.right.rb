# podium: passed
  l.max
end
