// podium: passed
{
    import std.algorithm : max;
    long[] result;
    foreach (number; numbers)
        result ~= result.length ? max(result[$ - 1], number) : number;
    return result;
}
