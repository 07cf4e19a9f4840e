// podium: passed
{
    long greatest = l[0];
    foreach (x; l)
        if (x > greatest)
            greatest = x;
    return greatest;
}
