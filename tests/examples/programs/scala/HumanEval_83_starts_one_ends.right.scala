// podium: passed
        if (n == 1) 1L else 18 * math.pow(10, n - 2).toLong
