// podium: passed
        if (b == 0) {
            return a
        }
        greatestCommonDivisor(b, a % b)
