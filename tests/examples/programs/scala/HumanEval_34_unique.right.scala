// podium: passed
        l.distinct.sorted
