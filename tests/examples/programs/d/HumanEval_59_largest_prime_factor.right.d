// podium: passed
{
    long largest = 1;
    for (long i = 2; n > 1; i++)
        while (n % i == 0) {
            largest = i;
            n /= i;
        }
    return largest;
}
