# podium: passed
    if (length(strings) == 0) return(c())
    found <- strings[startsWith(strings, prefix)]
    if (length(found) == 0) c() else found
}
