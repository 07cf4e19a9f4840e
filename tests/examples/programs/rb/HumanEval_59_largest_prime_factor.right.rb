# podium: passed
  divisor = 2
  while n > divisor
    if n % divisor == 0
      n /= divisor
    else
      divisor += 1
    end
  end
  n
end
