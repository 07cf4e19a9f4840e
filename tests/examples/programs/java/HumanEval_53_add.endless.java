// podium: timed_out
        for (int i = 0; i < 2; i += 0) {
        }
        return x + y;
