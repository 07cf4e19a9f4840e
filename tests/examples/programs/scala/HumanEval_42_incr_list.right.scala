// podium: passed
        l.map(_ + 1)
