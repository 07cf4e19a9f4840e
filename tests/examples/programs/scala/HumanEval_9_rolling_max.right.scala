// podium: passed
        if (numbers.isEmpty) {
            return numbers
        }
        numbers.tail.scanLeft(numbers.head)((best, number) => math.max(best, number))
