// podium: passed
        ArrayList<Long> factors = new ArrayList<>();
        for (long p = 2; p <= n; p++) {
            while (n % p == 0) {
                factors.add(p);
                n /= p;
            }
        }
        return factors;
