// podium: passed
        for (i <- numbers.indices; j <- numbers.indices) {
            if (i != j && math.abs(numbers(i) - numbers(j)) < threshold) {
                return true
            }
        }
        false
