// podium: passed
        return l.All(x => x < t);
