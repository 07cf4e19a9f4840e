// podium: passed
        return l.Max();
