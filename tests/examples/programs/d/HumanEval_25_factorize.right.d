// podium: passed
{
    long[] factors;
    for (long i = 2; n > 1; i++)
        while (n % i == 0) {
            factors ~= i;
            n /= i;
        }
    return factors;
}
