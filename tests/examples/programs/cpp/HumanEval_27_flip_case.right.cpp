// podium: passed
    for (char &letter : string)
        letter = std::isupper(letter) ? std::tolower(letter) : std::toupper(letter);
    return string;
