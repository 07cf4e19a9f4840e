// podium: passed
        if (n <= 1) {
            return x == n;
        }
        long power = 1;
        while (power < x) {
            power *= n;
        }
        return power == x;
