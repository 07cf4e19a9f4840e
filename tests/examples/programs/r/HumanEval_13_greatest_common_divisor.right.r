# podium: passed
    while (b != 0) {
        rest <- a %% b
        a <- b
        b <- rest
    }
    a
}
