// podium: passed
    std::string result;
    for (size_t i = 0; i < a.size(); i++)
        result += a[i] == b[i] ? '0' : '1';
    return result;
