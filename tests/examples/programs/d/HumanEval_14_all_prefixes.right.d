// podium: passed
{
    immutable(char)[][] result;
    foreach (length; 1 .. string.length + 1)
        result ~= string[0 .. length];
    return result;
}
