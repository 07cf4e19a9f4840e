// podium: passed
{
    long result = 1;
    foreach (i; 0 .. n)
        result = 2 * result % p;
    return result;
}
