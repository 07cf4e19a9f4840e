// podium: passed
    return Set(s0) == Set(s1)
