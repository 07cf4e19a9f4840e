# podium: passed
    out <- c()
    for (i in seq_len(nchar(string))) {
        out <- c(out, substr(string, 1, i))
    }
    out
}
