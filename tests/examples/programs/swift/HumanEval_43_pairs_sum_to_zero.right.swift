// podium: passed
    var seen = Set<Int>()
    for x in l {
        if seen.contains(-x) {
            return true
        }
        seen.insert(x)
    }
    return false
