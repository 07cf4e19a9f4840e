// podium: passed
{
    long sum = 0;
    foreach (i, x; lst)
        sum += i % 3 == 0 ? x ^^ 2 : i % 4 == 0 ? x ^^ 3 : x;
    return sum;
}
