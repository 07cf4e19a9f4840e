// podium: passed
        val thirds = l.zipWithIndex.filter(_._2 % 3 == 0).map(_._1).sorted
        l.zipWithIndex.map { case (x, i) => if (i % 3 == 0) thirds(i / 3) else x }
