// podium: passed
    string.chars().count() as isize
