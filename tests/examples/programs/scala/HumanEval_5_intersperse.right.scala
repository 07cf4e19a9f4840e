// podium: passed
        numbers.zipWithIndex.flatMap { case (number, i) => if (i > 0) List(delimeter, number) else List(number) }
