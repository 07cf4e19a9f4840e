// podium: passed
    return x + y;
