// podium: passed
    exit(0);
}
