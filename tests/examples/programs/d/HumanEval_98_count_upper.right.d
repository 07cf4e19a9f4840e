// podium: passed
{
    import std.string : indexOf;
    long count = 0;
    foreach (i, c; s)
        if (i % 2 == 0 && "AEIOU".indexOf(c) >= 0)
            count++;
    return count;
}
