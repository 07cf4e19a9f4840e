# podium: passed
  a, b, c = 0, 0, 1
  n.times { a, b, c = b, c, a + b + c }
  a
end
