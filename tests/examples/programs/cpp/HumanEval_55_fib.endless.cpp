// podium: timed_out
    while (n >= 0) n = std::abs(n);
    return n;
