// podium: passed
    lst.iter().step_by(2).filter(|x| *x % 2 != 0).sum()
