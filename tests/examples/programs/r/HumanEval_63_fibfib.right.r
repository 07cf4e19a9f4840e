# podium: passed
    values <- c(0, 0, 1)
    while (length(values) <= n) {
        values <- c(values, sum(values[length(values) - 0:2]))
    }
    values[n + 1]
}
