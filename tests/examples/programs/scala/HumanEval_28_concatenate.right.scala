// podium: passed
        strings.mkString
