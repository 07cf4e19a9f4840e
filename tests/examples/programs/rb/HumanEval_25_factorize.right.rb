# podium: passed
  out = []
  divisor = 2
  while n > 1
    if n % divisor == 0
      out << divisor
      n /= divisor
    else
      divisor += 1
    end
  end
  out
end
