// podium: passed
    (0..n)
        .filter(|i| i % 11 == 0 || i % 13 == 0)
        .map(|i| i.to_string().matches('7').count() as isize)
        .sum()
