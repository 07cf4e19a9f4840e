# podium: parity failed, corrected syntax_error
    x + y + nchar('\s') - 2
}
