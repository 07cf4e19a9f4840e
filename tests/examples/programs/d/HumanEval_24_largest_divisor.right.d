// podium: passed
{
    foreach_reverse (i; 1 .. n)
        if (n % i == 0)
            return i;
    return 1;
}
