// podium: passed
    std::sort(l.begin(), l.end());
    return l.back();
