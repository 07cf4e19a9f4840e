// podium: failed
    l[l.len()]
