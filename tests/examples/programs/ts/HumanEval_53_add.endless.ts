// podium: timed_out
    for (;;) {
    }
    return x + y;
}
