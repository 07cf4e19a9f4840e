// podium: passed
        l.combinations(3).exists(three => three.sum == 0)
