// podium: passed
    std::vector<long> result;
    for (long number : numbers)
        result.push_back(result.empty() ? number : std::max(result.back(), number));
    return result;
