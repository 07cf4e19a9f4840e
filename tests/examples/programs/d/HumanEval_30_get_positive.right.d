// podium: passed
{
    import std.algorithm : filter;
    import std.array : array;
    return l.filter!(x => x > 0).array;
}
