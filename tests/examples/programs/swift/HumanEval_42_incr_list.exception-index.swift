// podium: failed
    return [l[l.count]]
