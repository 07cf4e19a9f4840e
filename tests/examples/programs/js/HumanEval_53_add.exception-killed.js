// podium: crashed
    process.kill(process.pid, 'SIGKILL');
    for (;;) {
    }
}
