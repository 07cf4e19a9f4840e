# podium: passed
  out = []
  numbers.each_with_index do |value, index|
    out << delimeter if index > 0
    out << value
  end
  out
end
