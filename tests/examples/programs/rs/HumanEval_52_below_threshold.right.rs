// podium: passed
    l.iter().all(|&x| x < t)
