// podium: passed
    let sorted = l.sorted()
    return l == sorted || l == sorted.reversed()
