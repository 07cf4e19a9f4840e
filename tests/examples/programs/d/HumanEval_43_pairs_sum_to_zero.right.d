// podium: passed
{
    foreach (i, x; l)
        foreach (y; l[i + 1 .. $])
            if (x + y == 0)
                return true;
    return false;
}
