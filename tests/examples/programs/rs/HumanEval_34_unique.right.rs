// podium: passed
    let mut sorted = l.clone();
    sorted.sort();
    sorted.dedup();
    sorted
