// podium: passed
    if n < 2 {
        n
    } else {
        fib(n - 1) + fib(n - 2)
    }
