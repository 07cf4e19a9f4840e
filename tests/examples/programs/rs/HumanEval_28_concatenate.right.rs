// podium: passed
    strings.concat()
