// podium: passed
    return q == q.reversed() && q.reduce(0, +) <= w
