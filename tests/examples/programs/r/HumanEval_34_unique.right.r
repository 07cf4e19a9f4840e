# podium: passed
    sorted <- sort(l)
    sorted[!duplicated(sorted)]
}
