// podium: passed
        var divisor = n - 1
        while (n % divisor != 0) {
            divisor -= 1
        }
        divisor
