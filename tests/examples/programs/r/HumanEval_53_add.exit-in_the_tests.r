# podium: parity passed, corrected failed
    q('no')
}
