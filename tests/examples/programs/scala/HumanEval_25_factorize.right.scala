// podium: passed
        var rest = n
        var factors = List[Long]()
        var p = 2L
        while (p <= rest) {
            if (rest % p == 0) {
                factors = factors :+ p
                rest /= p
            } else {
                p += 1
            }
        }
        factors
