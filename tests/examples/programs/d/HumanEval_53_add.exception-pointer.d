// podium: crashed
{
    long* nothing = null;
    return *nothing + x + y;
}
