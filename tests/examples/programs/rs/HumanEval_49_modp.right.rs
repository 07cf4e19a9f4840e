// podium: passed
    (0..n).fold(1, |result, _| 2 * result % p)
