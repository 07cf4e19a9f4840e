// podium: passed
        var (a, b, c) = (0L, 0L, 1L)
        for (i <- 0L until n) {
            val next = a + b + c
            a = b
            b = c
            c = next
        }
        a
