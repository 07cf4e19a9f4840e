// podium: passed
        if (n < 2) {
            return n;
        }
        return Fib(n - 1) + Fib(n - 2);
