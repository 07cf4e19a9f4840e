// podium: passed
    let s = l.sorted()
    let middle = s.count / 2
    if s.count % 2 == 1 {
        return Double(s[middle])
    }
    return Double(s[middle - 1] + s[middle]) / 2.0
