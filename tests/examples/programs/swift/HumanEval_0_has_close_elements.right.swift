// podium: passed
    for i in 0..<numbers.count {
        for j in (i + 1)..<max(numbers.count, i + 1) {
            if abs(numbers[i] - numbers[j]) < threshold {
                return true
            }
        }
    }
    return false
