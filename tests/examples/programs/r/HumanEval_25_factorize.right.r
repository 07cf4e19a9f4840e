# podium: passed
    out <- c()
    d <- 2
    while (n > 1) {
        if (n %% d == 0) {
            out <- c(out, d)
            n <- n / d
        } else {
            d <- d + 1
        }
    }
    out
}
