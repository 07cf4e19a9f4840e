# podium: passed
    if (length(xs) < 2) return(c())
    xs[-1] * seq_len(length(xs) - 1)
}
