// podium: passed
    (0..string.len()).filter(|&start| string[start..].starts_with(&substring)).count() as isize
