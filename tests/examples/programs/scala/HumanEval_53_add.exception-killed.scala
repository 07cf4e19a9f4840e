// podium: failed
        Runtime.getRuntime.halt(3)
        x + y
