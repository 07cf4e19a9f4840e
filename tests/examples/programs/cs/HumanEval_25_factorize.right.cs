// podium: parity failed, corrected passed
        var factors = new List<long>();
        for (long p = 2; p <= n; p++) {
            while (n % p == 0) {
                factors.Add(p);
                n /= p;
            }
        }
        return factors;
