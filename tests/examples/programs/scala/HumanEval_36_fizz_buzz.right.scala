// podium: passed
        (0L until n).filter(i => i % 11 == 0 || i % 13 == 0).map(i => i.toString.count(_ == '7')).sum
