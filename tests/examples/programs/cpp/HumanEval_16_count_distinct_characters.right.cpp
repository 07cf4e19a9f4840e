// podium: passed
    std::set<char> seen;
    for (char letter : string)
        seen.insert(std::tolower(letter));
    return seen.size();
