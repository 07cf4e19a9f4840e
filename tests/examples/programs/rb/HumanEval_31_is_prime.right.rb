# podium: passed
  return false if n < 2
  (2..Math.sqrt(n)).none? { |d| n % d == 0 }
end
