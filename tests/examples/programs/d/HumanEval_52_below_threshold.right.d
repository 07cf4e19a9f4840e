// podium: passed
{
    foreach (x; l)
        if (x >= t)
            return false;
    return true;
}
