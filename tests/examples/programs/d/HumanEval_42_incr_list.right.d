// podium: passed
{
    long[] result = l.dup;
    result[] += 1;
    return result;
}
