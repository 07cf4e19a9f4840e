// podium: failed
    l[0]
