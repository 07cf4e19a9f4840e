# podium: failed
    while (b > 1) {
        rest <- a %% b
        a <- b
        b <- rest
    }
    a
}
