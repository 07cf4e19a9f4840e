# podium: passed
    length(unique(strsplit(tolower(string), '')[[1]]))
}
