// podium: failed
        if (true) {
            throw new IllegalStateException("no");
        }
        return x + y;
