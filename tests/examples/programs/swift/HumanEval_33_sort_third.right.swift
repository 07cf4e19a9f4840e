// podium: passed
    var result = l
    let sorted = stride(from: 0, to: l.count, by: 3).map { l[$0] }.sorted()
    for (i, value) in sorted.enumerated() {
        result[3 * i] = value
    }
    return result
