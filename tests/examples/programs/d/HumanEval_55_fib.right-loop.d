// podium: passed
{
    long a = 0, b = 1;
    foreach (i; 0 .. n) {
        const next = a + b;
        a = b;
        b = next;
    }
    return a;
}
