// podium: passed
    s.chars().step_by(2).filter(|c| "AEIOU".contains(*c)).count() as isize
