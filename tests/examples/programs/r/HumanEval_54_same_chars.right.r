# podium: passed
    setequal(strsplit(s0, '')[[1]], strsplit(s1, '')[[1]])
}
