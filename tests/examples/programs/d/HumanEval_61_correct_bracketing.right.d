// podium: passed
{
    long depth = 0;
    foreach (c; brackets) {
        if (c == '(')
            depth++;
        else if (depth-- == 0)
            return false;
    }
    return depth == 0;
}
