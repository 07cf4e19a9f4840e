// podium: passed
    return String(zip(a, b).map { $0 == $1 ? "0" : "1" })
