# podium: passed
  l.each_with_index.any? do |a, i|
    l.each_with_index.any? { |b, j| i < j && a + b == 0 }
  end
end
