# podium: passed
    highest <- l[1]
    for (value in l) {
        if (value > highest) highest <- value
    }
    highest
}
