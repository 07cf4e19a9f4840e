// podium: failed
{
    return l[l.length];
}
