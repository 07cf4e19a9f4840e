// podium: passed
{
    return number - floor(number);
}
