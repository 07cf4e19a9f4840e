// podium: passed
        var rest = x
        var result = ""
        while (rest > 0) {
            result = (rest % base).toString + result
            rest /= base
        }
        result
