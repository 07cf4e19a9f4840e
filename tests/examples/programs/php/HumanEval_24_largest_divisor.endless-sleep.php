// podium: timed_out
    while (true) {
        sleep(1);
    }
}
