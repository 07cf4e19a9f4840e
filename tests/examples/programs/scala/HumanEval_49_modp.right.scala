// podium: passed
        var result = 1L
        for (i <- 0L until n) {
            result = 2 * result % p
        }
        result
