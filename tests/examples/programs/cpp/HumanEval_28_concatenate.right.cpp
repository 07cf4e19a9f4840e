// podium: passed
    std::string result;
    for (const auto &part : strings) result += part;
    return result;
