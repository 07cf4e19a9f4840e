// podium: passed
    long count = 0;
    for (size_t i = 0; i < s.size(); i += 2)
        count += strchr("AEIOU", s[i]) != nullptr;
    return count;
