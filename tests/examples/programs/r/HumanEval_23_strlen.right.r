# podium: passed
    nchar(string)
}
