// podium: failed
        return Fib(n - 1) + Fib(n - 2);
