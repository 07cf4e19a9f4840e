// podium: passed
{
    import std.format : format;
    return format("db%bdb", decimal);
}
