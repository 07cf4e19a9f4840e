# podium: failed
    for (i in 1:10000) message(strrep('x', 99))
    n
}
