// podium: passed
        l.combinations(2).exists(two => two.sum == 0)
