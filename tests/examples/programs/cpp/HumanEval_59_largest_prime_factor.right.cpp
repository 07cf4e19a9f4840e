// podium: passed
    long largest = 1;
    for (long i = 2; n > 1; i++)
        for (; n % i == 0; n /= i) largest = i;
    return largest;
