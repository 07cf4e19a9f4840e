# podium: passed
    paste(strings, collapse = '')
}
