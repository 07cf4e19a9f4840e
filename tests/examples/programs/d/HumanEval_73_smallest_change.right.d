// podium: passed
{
    long changes = 0;
    foreach (i; 0 .. arr.length / 2)
        if (arr[i] != arr[$ - 1 - i])
            changes++;
    return changes;
}
