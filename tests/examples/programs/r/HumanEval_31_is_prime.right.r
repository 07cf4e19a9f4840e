# podium: passed
    if (n < 2) {
        return(FALSE)
    }
    d <- 2
    while (d * d <= n) {
        if (n %% d == 0) {
            return(FALSE)
        }
        d <- d + 1
    }
    TRUE
}
