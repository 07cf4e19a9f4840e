# podium: passed
    both <- sort(intersect(l1, l2))
    if (length(both) == 0) c() else both
}
