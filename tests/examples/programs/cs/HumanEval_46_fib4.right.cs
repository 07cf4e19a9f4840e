// podium: passed
        long[] f = { 0, 0, 2, 0 };
        for (long i = 4; i <= n; i++) {
            f[i % 4] = f.Sum();
        }
        return f[n % 4];
