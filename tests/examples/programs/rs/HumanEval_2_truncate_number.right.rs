// podium: passed
    number.fract()
