// podium: passed
        a.zip(b).map { case (x, y) => if (x == y) '0' else '1' }.mkString
