// podium: passed
    x + y
