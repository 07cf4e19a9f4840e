# podium: passed
  l.map { |x| x + 1 }
end
