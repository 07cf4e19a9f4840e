// podium: passed
{
    foreach (i; 0 .. text.length / 2)
        if (text[i] != text[$ - 1 - i])
            return false;
    return true;
}
