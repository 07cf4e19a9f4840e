// podium: passed
{
    if (s.length < 3)
        return false;
    foreach (i; 2 .. s.length)
        if (s[i] == s[i - 1] || s[i] == s[i - 2] || s[i - 1] == s[i - 2])
            return false;
    return true;
}
