// podium: passed
        var rest = n
        var factor = 2L
        while (factor < rest) {
            if (rest % factor == 0) {
                rest /= factor
            } else {
                factor += 1
            }
        }
        rest
