# podium: passed
    a <- 0
    b <- 1
    for (i in seq_len(n)) {
        following <- a + b
        a <- b
        b <- following
    }
    a
}
