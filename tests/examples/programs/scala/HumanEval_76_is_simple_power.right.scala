// podium: passed
        if (n <= 1) {
            return x == n
        }
        var power = 1L
        while (power < x) {
            power *= n
        }
        power == x
