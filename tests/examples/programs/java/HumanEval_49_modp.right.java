// podium: passed
        long result = 1 % p;
        for (long i = 0; i < n; i++) {
            result = result * 2 % p;
        }
        return result;
