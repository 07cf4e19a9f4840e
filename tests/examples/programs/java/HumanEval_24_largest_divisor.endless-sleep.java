// podium: timed_out
        while (true) {
            try {
                Thread.sleep(1000);
            } catch (InterruptedException e) {
                return 1;
            }
        }
