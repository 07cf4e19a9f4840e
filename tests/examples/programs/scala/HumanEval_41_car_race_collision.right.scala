// podium: passed
        n * n
