// podium: passed
    return l.every(x => x < t);
}
