// podium: passed
    use std::collections::HashSet;
    let seen: HashSet<char> = string.to_lowercase().chars().collect();
    seen.len() as isize
