// podium: passed
    std::string digits;
    do {
        digits.insert(digits.begin(), '0' + decimal % 2);
        decimal /= 2;
    } while (decimal > 0);
    return "db" + digits + "db";
