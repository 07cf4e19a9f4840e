// podium: passed
        return n * n;
