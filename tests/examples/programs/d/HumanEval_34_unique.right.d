// podium: passed
{
    import std.algorithm : sort, uniq;
    import std.array : array;
    return l.dup.sort.uniq.array;
}
