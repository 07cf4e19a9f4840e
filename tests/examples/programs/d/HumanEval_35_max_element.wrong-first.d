// podium: failed
{
    return l[0];
}
