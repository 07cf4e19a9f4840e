// podium: passed
        val f = ArrayBuffer[Long](0, 0, 2, 0)
        for (i <- 4 to n.toInt) {
            f += f.takeRight(4).sum
        }
        f(n.toInt)
