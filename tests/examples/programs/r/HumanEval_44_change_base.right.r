# podium: passed
    text <- ''
    while (x > 0) {
        text <- paste0(x %% base, text)
        x <- x %/% base
    }
    text
}
