// podium: passed
        if (n < 2) {
            return false
        }
        var d = 2L
        while (d * d <= n) {
            if (n % d == 0) {
                return false
            }
            d += 1
        }
        true
