// podium: passed
        (0L to n).mkString(" ")
