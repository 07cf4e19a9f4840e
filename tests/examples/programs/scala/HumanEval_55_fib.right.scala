// podium: passed
        if (n < 2) {
            return n
        }
        fib(n - 1) + fib(n - 2)
