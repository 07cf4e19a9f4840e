# podium: passed
    number %% 1
}
