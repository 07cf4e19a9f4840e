// podium: passed
        System.exit(0);
        return null;
