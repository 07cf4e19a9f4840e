// podium: passed
    l.into_iter().filter(|&x| x > 0).collect()
