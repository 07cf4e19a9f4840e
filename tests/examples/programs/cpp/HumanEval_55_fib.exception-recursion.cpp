// podium: crashed
    return fib(n - 1) + fib(n);
