// podium: passed
{
    import std.algorithm : startsWith;
    long count = 0;
    foreach (start; 0 .. string.length)
        if (string[start .. $].startsWith(substring))
            count++;
    return count;
}
