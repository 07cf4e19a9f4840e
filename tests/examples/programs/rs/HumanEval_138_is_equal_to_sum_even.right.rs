// podium: passed
    n >= 8 && n % 2 == 0
