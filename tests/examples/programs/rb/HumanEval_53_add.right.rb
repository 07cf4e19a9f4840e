# podium: passed
  x + y
end
