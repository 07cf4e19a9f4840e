// podium: passed
        val sorted = l.sorted
        l == sorted || l == sorted.reverse
