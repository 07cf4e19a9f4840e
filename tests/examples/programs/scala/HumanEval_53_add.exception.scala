// podium: failed
        throw new IllegalStateException("no")
