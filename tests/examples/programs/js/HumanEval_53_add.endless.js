// podium: timed_out
    for (;;) {
    }
}
