// podium: passed
{
    long sum = 0;
    for (size_t i = 1; i < lst.length; i += 2)
        if (lst[i] % 2 == 0)
            sum += lst[i];
    return sum;
}
