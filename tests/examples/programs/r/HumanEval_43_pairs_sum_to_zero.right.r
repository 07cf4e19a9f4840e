# podium: passed
    for (i in seq_along(l)) {
        if (any(l[-i] == -l[i])) {
            return(TRUE)
        }
    }
    FALSE
}
