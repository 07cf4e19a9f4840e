# podium: passed
  l.all? { |x| x < t }
end
