// podium: passed
{
    import core.stdc.stdlib : exit;
    exit(0);
    return 0;
}
