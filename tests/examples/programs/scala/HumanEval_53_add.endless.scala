// podium: timed_out
        while (true) { }
        x + y
