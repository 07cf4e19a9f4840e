// podium: passed
{
    long sum = 0;
    foreach (c; s)
        if (c >= 'A' && c <= 'Z')
            sum += c;
    return sum;
}
