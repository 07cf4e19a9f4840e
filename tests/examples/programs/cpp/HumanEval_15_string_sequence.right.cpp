// podium: passed
    std::string result = "0";
    for (long i = 1; i <= n; i++)
        result += " " + std::to_string(i);
    return result;
