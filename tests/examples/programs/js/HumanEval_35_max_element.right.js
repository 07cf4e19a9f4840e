// podium: passed
    return Math.max(...l);
}
