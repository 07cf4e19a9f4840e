// podium: passed
        lst.zipWithIndex.filter { case (x, i) => i % 2 == 1 && x % 2 == 0 }.map(_._1).sum
