# podium: passed
    warning('it is n (n + 1) / 2')
    n * (n + 1) / 2
}
