// podium: passed
    l.iter().map(|x| x + 1).collect()
