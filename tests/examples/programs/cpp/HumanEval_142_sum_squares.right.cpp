// podium: passed
    long sum = 0;
    for (size_t i = 0; i < lst.size(); i++)
        sum += i % 3 == 0 ? lst[i] * lst[i] : i % 4 == 0 ? lst[i] * lst[i] * lst[i] : lst[i];
    return sum;
