// podium: passed
        l.forall(_ < t)
