// podium: failed
{
    throw new Exception("Error: told");
}
