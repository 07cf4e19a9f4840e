// podium: passed
        lst.zipWithIndex.map { case (x, i) => if (i % 3 == 0) x * x else if (i % 4 == 0) x * x * x else x }.sum
