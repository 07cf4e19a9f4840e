// podium: passed
    long sum = 0;
    for (long i = 0; i < k; i++)
        if (std::abs(arr[i]) < 100) sum += arr[i];
    return sum;
