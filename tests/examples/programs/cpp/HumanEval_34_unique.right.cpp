// podium: passed
    std::set<long> sorted(l.begin(), l.end());
    return std::vector<long>(sorted.begin(), sorted.end());
