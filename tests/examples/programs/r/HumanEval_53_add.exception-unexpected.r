# podium: parity syntax_error, corrected failed
    stop('an unexpected value')
}
