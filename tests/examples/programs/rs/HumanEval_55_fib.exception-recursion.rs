// podium: crashed
    fib(n - 1) + fib(n)
