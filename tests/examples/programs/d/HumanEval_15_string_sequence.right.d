// podium: passed
{
    import std.conv : to;
    string result = "0";
    foreach (i; 1 .. n + 1)
        result ~= " " ~ i.to!string;
    return result;
}
