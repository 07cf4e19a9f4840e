// podium: failed
    return fib(n - 1) + fib(n - 2);
}
