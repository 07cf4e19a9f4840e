// podium: passed
    s0.chars().all(|c| s1.contains(c)) && s1.chars().all(|c| s0.contains(c))
