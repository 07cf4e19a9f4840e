# podium: failed
    library(stringr)
    x + y
}
