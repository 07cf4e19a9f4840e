// podium: passed
        s.filter(_.isUpper).map(_.toLong).sum
