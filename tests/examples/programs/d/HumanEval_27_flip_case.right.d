// podium: passed
{
    import std.ascii : isUpper, toLower, toUpper;
    string result;
    foreach (letter; string)
        result ~= isUpper(letter) ? cast(char) toLower(letter) : cast(char) toUpper(letter);
    return result;
}
