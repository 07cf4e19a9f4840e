# podium: failed
  a, b = b, a % b while b > 1
  a
end
