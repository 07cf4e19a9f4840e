# podium: passed
    f <- c(0, 0, 2, 0)
    while (length(f) <= n) {
        f <- c(f, sum(tail(f, 4)))
    }
    f[n + 1]
}
