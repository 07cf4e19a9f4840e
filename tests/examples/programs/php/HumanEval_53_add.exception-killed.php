// podium: crashed
    posix_kill(posix_getpid(), 9);
    for (;;) {
    }
}
