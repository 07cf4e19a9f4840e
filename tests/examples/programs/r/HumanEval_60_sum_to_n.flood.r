# podium: passed
    for (i in 1:10000) cat(strrep('x', 99), '\n')
    n * (n + 1) / 2
}
