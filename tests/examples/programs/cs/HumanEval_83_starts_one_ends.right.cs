// podium: passed
        return n == 1 ? 1 : 18 * (long)Math.Pow(10, n - 2);
