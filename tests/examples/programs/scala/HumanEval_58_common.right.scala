// podium: passed
        l1.distinct.filter(x => l2.contains(x)).sorted
