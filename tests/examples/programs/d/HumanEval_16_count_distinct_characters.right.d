// podium: passed
{
    import std.uni : toLower;
    bool[dchar] seen;
    foreach (dchar letter; string)
        seen[toLower(letter)] = true;
    return seen.length;
}
