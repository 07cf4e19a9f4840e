// podium: passed
{
    import std.algorithm : isSorted;
    return isSorted(l) || isSorted!"a > b"(l);
}
