// podium: passed
        return Collections.max(l);
