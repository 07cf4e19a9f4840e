// podium: passed
    return String(x, radix: base)
