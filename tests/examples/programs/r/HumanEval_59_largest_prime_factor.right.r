# podium: passed
    factor <- 1
    d <- 2
    while (n > 1) {
        while (n %% d == 0) {
            factor <- d
            n <- n / d
        }
        d <- d + 1
    }
    factor
}
