// podium: passed
    long changes = 0;
    for (size_t i = 0; i < arr.size() / 2; i++)
        changes += arr[i] != arr[arr.size() - 1 - i];
    return changes;
