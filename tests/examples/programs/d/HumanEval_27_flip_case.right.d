// podium: passed
{
    import std.ascii : isUpper, toLower, toUpper;
    immutable(char)[] result;
    foreach (letter; string)
        result ~= isUpper(letter) ? cast(char) toLower(letter) : cast(char) toUpper(letter);
    return result;
}
