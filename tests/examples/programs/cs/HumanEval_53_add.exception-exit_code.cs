// podium: failed
        Environment.Exit(3);
        return x + y;
