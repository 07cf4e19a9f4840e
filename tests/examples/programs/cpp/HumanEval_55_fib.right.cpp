// podium: passed
    long a = 0, b = 1;
    for (; n > 0; n--) {
        std::swap(a, b);
        b += a;
    }
    return a;
