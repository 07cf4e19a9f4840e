// podium: passed
    long count = 0;
    size_t place = string.find(substring);
    while (place != std::string::npos) {
        count++;
        place = string.find(substring, place + 1);
    }
    return count;
