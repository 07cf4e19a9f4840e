// podium: failed
    return l.front();
