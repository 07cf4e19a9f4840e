// podium: passed
        if (x > y) -1 else if (y % 2 == 0) y else if (x == y) -1 else y - 1
