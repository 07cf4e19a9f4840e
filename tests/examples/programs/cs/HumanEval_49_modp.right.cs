// podium: passed
        long result = 1;
        for (long i = 0; i < n; i++) {
            result = 2 * result % p;
        }
        return result;
