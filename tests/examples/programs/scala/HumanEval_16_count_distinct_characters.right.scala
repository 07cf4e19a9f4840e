// podium: passed
        string.toLowerCase.distinct.length
