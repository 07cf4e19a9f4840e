// podium: passed
{
    return n == 1 ? 1 : 18 * 10L ^^ (n - 2);
}
