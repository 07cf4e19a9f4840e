// podium: passed
        long count = s.ToLower().Count(c => "aeiou".IndexOf(c) >= 0);
        return s.ToLower().EndsWith("y") ? count + 1 : count;
