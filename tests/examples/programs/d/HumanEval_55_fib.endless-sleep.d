// podium: timed_out
{
    import core.thread : Thread, hours;
    Thread.sleep(1.hours);
    return n;
}
