# podium: failed
  n < 3 ? n : fib(n - 1) + fib(n - 2)
end
