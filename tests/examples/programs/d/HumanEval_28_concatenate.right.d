// podium: passed
{
    import std.array : join;
    return strings.join("");
}
