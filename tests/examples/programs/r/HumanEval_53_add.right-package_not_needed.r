# podium: passed
    if (suppressWarnings(require(MASS, quietly = TRUE))) x + y else y + x
}
