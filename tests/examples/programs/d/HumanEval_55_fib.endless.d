// podium: timed_out
{
    while (n >= 0)
        n = abs(n);
    return n;
}
