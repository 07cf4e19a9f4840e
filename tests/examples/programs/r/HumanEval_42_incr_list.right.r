# podium: passed
    if (length(l) == 0) return(l)
    l + 1
}
