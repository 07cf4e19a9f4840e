// podium: passed
    var depth = 0
    for c in brackets {
        depth += c == "<" ? 1 : -1
        if depth < 0 {
            return false
        }
    }
    return depth == 0
