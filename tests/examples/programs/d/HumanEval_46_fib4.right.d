// podium: passed
{
    long[] row = [0, 0, 2, 0];
    while (row.length <= n)
        row ~= row[$ - 1] + row[$ - 2] + row[$ - 3] + row[$ - 4];
    return row[n];
}
