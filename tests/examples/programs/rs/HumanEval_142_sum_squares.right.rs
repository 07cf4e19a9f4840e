// podium: passed
    let mut sum = 0;
    for (i, x) in lst.iter().enumerate() {
        sum += match (i % 3, i % 4) {
            (0, _) => x * x,
            (_, 0) => x * x * x,
            _ => *x,
        };
    }
    sum
