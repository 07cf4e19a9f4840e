# podium: passed
  mean = numbers.sum / numbers.length
  numbers.sum { |x| (x - mean).abs } / numbers.length
end
