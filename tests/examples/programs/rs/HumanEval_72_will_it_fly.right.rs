// podium: passed
    q.iter().eq(q.iter().rev()) && q.iter().sum::<isize>() <= w
