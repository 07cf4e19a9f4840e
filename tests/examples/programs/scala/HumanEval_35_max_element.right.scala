// podium: passed
        l.max
