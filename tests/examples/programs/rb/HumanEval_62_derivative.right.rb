# podium: passed
  xs.each_with_index.map { |x, i| x * i }.drop(1)
end
