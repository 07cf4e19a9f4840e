// podium: passed
        var count = 0
        for (i <- 0 until string.length) {
            if (string.startsWith(substring, i)) {
                count += 1
            }
        }
        count
