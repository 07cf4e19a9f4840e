// podium: passed
        math.abs(a % 10) * math.abs(b % 10)
