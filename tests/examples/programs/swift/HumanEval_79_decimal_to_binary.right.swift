// podium: passed
    return "db" + String(decimal, radix: 2) + "db"
