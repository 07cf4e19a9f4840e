// podium: passed
    var total = 0
    for u in s.unicodeScalars {
        if u.value >= 65 && u.value <= 90 {
            total += Int(u.value)
        }
    }
    return total
