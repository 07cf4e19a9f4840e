// podium: passed
        long largest = 1;
        for (long p = 2; p <= n; p++) {
            while (n % p == 0) {
                largest = p;
                n /= p;
            }
        }
        return largest;
