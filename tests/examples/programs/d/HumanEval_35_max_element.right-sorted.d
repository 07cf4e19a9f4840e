// podium: passed
{
    import std.algorithm : maxElement;
    return l.maxElement;
}
