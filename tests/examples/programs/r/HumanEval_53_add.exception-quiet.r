# podium: failed
    quit(status = 3)
}
