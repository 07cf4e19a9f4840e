// podium: passed
{
    long sum = 0;
    foreach (x; arr[0 .. k])
        if (abs(x) < 100)
            sum += x;
    return sum;
}
