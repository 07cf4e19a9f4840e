// podium: failed
        (a % 10) * (b % 10)
