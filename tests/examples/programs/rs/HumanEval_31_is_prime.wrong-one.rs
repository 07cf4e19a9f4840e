// podium: failed
    (2..n).all(|i| n % i != 0)
