// podium: passed
    return std::set<char>(s0.begin(), s0.end()) == std::set<char>(s1.begin(), s1.end());
