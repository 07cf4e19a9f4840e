// podium: passed
        l.filter(_ > 0)
