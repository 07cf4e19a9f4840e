// podium: passed
    long sum = 0;
    for (size_t i = 0; i < lst.size(); i += 2)
        if (lst[i] % 2) sum += lst[i];
    return sum;
