// podium: passed
{
    foreach (i; 0 .. l.length)
        foreach (j; i + 1 .. l.length)
            foreach (k; j + 1 .. l.length)
                if (l[i] + l[j] + l[k] == 0)
                    return true;
    return false;
}
