// podium: passed
    std::vector<std::string> result;
    for (size_t length = 1; length <= string.size(); length++)
        result.push_back(string.substr(0, length));
    return result;
