// podium: failed
    return x - y;
