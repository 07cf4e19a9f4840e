// podium: passed
    let mut sorted = l;
    sorted.sort();
    *sorted.last().unwrap()
