// podium: timed_out
    for (;;) {
        console.log('x');
    }
}
