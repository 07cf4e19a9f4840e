// podium: passed
    s.chars().filter(|c| c.is_ascii_uppercase()).map(|c| c as isize).sum()
