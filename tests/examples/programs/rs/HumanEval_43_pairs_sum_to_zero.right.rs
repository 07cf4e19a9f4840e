// podium: passed
    for (i, x) in l.iter().enumerate() {
        if l[i + 1..].contains(&-x) {
            return true;
        }
    }
    false
