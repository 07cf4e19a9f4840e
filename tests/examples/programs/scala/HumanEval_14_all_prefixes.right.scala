// podium: passed
        (1 to string.length).map(i => string.substring(0, i)).toList
