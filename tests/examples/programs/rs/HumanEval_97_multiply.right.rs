// podium: passed
    (a % 10).abs() * (b % 10).abs()
