// podium: passed
    arr.iter().take(k as usize).filter(|x| x.abs() < 100).sum()
