// podium: passed
    long count = 0;
    for (long i = 0; i < n; i++)
        if (i % 11 == 0 || i % 13 == 0)
            for (long rest = i; rest > 0; rest /= 10)
                count += rest % 10 == 7;
    return count;
