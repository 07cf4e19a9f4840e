# podium: passed
  highest = nil
  numbers.map { |x| highest = [highest, x].compact.max }
end
