// podium: passed
    var values = [0, 0, 2, 0]
    while values.count <= n {
        values.append(values.suffix(4).reduce(0, +))
    }
    return values[n]
