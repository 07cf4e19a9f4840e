// podium: passed
        return s.Where(c => c >= 'A' && c <= 'Z').Sum(c => (long)c);
