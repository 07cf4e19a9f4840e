// podium: passed
{
    long[] result;
    foreach (i, x; xs)
        if (i > 0)
            result ~= i * x;
    return result;
}
