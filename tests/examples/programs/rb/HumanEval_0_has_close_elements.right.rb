# podium: passed
  numbers.combination(2).any? { |a, b| (a - b).abs < threshold }
end
