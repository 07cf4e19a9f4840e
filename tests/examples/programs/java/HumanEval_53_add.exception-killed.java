// podium: failed
        Runtime.getRuntime().halt(3);
        return x + y;
