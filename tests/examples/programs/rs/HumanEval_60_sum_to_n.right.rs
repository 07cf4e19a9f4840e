// podium: passed
    (1..n + 1).sum()
