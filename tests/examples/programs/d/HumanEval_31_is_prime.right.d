// podium: passed
{
    if (n < 2)
        return false;
    for (long i = 2; i * i <= n; i++)
        if (n % i == 0)
            return false;
    return true;
}
