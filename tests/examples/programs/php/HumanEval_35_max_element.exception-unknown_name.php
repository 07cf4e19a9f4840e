// podium: failed
    return maximum($l);
}
