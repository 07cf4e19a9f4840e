// podium: passed
    return std::all_of(l.begin(), l.end(), [t](long x) { return x < t; });
