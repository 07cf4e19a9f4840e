// podium: passed
        var depth = 0
        for (c <- brackets) {
            depth += (if (c == '(') 1 else -1)
            if (depth < 0) {
                return false
            }
        }
        depth == 0
