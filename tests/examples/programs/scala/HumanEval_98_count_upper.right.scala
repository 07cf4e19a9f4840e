// podium: passed
        s.zipWithIndex.count { case (c, i) => i % 2 == 0 && "AEIOU".contains(c) }
