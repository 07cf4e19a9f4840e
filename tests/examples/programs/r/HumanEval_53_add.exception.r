# podium: failed
    stop('told')
}
