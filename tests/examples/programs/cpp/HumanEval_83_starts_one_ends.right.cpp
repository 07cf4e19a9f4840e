// podium: passed
    return n == 1 ? 1 : 18 * (long)std::pow(10, n - 2);
