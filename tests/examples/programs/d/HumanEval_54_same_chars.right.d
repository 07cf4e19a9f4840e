// podium: passed
{
    import std.algorithm : all, canFind;
    return s0.all!(c => s1.canFind(c)) && s1.all!(c => s0.canFind(c));
}
