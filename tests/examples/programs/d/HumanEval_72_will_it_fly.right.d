// podium: passed
{
    long sum = 0;
    foreach (i, x; q) {
        sum += x;
        if (x != q[$ - 1 - i])
            return false;
    }
    return sum <= w;
}
