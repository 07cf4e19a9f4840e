# podium: passed
    found <- l[l > 0]
    if (length(found) == 0) NULL else found
}
