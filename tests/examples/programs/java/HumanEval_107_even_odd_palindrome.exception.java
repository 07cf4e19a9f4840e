// podium: failed
        return Pair.with(n / 0, n);
