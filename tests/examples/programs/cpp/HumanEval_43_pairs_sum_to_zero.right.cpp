// podium: passed
    std::unordered_set<long> seen;
    for (long x : l) {
        if (seen.count(-x)) return true;
        seen.insert(x);
    }
    return false;
