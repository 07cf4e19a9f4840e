// podium: passed
    std::vector<long> result;
    std::copy_if(l.begin(), l.end(), std::back_inserter(result), [](long x) { return x > 0; });
    return result;
