# podium: passed
    for (d in (n - 1):1) {
        if (n %% d == 0) return(d)
    }
}
