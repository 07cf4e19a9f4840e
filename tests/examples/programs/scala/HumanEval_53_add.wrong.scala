// podium: failed
        x - y
