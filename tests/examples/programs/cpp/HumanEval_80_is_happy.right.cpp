// podium: passed
    if (s.size() < 3) return false;
    for (size_t i = 2; i < s.size(); i++)
        if (s[i] == s[i - 1] || s[i] == s[i - 2] || s[i - 1] == s[i - 2]) return false;
    return true;
