// podium: passed
    for i in 0..<l.count {
        for j in 0..<i {
            for k in 0..<j {
                if l[i] + l[j] + l[k] == 0 {
                    return true
                }
            }
        }
    }
    return false
