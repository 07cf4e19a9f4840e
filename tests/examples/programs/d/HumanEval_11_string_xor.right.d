// podium: passed
{
    string result;
    foreach (i; 0 .. a.length)
        result ~= a[i] == b[i] ? '0' : '1';
    return result;
}
