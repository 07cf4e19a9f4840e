// podium: failed
        return n / 77;
