// podium: passed
        return lst.Where((x, i) => i % 2 == 0 && x % 2 != 0).Sum();
