// podium: passed
    std::vector<long> result;
    for (size_t i = 1; i < xs.size(); i++) result.push_back(i * xs[i]);
    return result;
