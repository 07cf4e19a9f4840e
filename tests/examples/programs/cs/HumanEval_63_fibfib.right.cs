// podium: passed
        long a = 0, b = 0, c = 1;
        for (long i = 0; i < n; i++) {
            long next = a + b + c;
            a = b;
            b = c;
            c = next;
        }
        return a;
