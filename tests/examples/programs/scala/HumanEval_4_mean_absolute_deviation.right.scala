// podium: passed
        val mean = numbers.sum / numbers.length
        numbers.map(x => math.abs(x - mean)).sum / numbers.length
