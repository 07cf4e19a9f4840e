// podium: failed
{
    throw new Exception("told");
}
