// podium: passed
        string.map(c => if (c.isUpper) c.toLower else c.toUpper)
