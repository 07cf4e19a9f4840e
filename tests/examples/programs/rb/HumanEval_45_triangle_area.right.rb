# podium: passed
  a * h / 2.0
end
