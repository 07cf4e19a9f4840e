// podium: timed_out
        while (true) {
            System.Threading.Thread.Sleep(1000);
        }
