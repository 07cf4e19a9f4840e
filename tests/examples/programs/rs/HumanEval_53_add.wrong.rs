// podium: failed
    x - y
