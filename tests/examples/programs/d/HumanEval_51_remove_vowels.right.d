// podium: passed
{
    import std.algorithm : canFind;
    string result;
    foreach (letter; text)
        if (!"aeiouAEIOU".canFind(letter))
            result ~= letter;
    return result;
}
