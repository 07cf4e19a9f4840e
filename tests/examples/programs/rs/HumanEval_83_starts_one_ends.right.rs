// podium: passed
    if n == 1 { 1 } else { 18 * 10isize.pow((n - 2) as u32) }
