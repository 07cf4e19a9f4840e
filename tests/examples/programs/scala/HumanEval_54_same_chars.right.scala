// podium: passed
        s0.toSet == s1.toSet
