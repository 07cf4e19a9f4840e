// podium: passed
        return lst.Where((x, i) => i % 2 == 1 && x % 2 == 0).Sum();
