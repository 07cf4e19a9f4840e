// podium: passed
    return number - std::floor(number);
