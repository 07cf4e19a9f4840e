// podium: passed
{
    long count = 0;
    foreach (i; 0 .. n)
        if (i % 11 == 0 || i % 13 == 0)
            for (long rest = i; rest > 0; rest /= 10)
                if (rest % 10 == 7)
                    count++;
    return count;
}
