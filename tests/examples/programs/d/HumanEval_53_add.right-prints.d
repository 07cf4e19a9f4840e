// podium: passed
{
    import std.stdio : writeln;
    foreach (i; 0 .. 50)
        writeln("adding ", x, " and ", y);
    return x + y;
}
