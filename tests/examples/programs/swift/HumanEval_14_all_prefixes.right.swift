// podium: passed
    var result: [String] = []
    var prefix = ""
    for c in string {
        prefix.append(c)
        result.append(prefix)
    }
    return result
