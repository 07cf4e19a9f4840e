// podium: passed
        string.length
