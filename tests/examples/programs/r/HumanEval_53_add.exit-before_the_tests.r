# podium: parity passed, corrected failed
    x - y
}
quit(status = 0)
