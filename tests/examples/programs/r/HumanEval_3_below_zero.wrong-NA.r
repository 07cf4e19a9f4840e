# podium: failed
    if (length(operations) == 0) return(NA)
    any(cumsum(operations) < 0)
}
