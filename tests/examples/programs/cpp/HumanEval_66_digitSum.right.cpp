// podium: passed
    long sum = 0;
    for (char c : s)
        if (std::isupper(c)) sum += c;
    return sum;
