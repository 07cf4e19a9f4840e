# podium: passed
  count = s.downcase.count('aeiou')
  s.downcase.end_with?('y') ? count + 1 : count
end
