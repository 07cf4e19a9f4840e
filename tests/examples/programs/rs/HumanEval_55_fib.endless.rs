// podium: timed_out
    let mut turns: u64 = 0;
    while n != -1 {
        turns = turns.wrapping_add(1);
    }
    turns as isize
