// podium: passed
    (a * h) as f64 / 2.0
