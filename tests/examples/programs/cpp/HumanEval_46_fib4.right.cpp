// podium: passed
    std::vector<long> row = {0, 0, 2, 0};
    for (long i = 4; i <= n; i++)
        row.push_back(row[i - 1] + row[i - 2] + row[i - 3] + row[i - 4]);
    return row[n];
