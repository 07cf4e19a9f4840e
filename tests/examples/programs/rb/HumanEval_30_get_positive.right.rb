# podium: passed
  l.select { |x| x > 0 }
end
