// podium: passed
    return x.toString(base);
}
