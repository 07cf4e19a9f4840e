// podium: passed
    std::string result;
    for (char letter : text)
        if (std::string("aeiouAEIOU").find(letter) == std::string::npos) result += letter;
    return result;
