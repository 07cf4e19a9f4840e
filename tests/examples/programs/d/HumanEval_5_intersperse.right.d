// podium: passed
{
    long[] result;
    foreach (i, number; numbers) {
        if (i > 0)
            result ~= delimeter;
        result ~= number;
    }
    return result;
}
