# podium: passed
    result <- 1
    for (i in seq_len(n)) {
        result <- (result * 2) %% p
    }
    result
}
