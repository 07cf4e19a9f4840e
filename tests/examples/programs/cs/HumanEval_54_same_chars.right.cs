// podium: passed
        return new HashSet<char>(s0).SetEquals(s1);
