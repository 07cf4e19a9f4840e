// podium: failed
    let mut byte = 250u8;
    for _ in 0..10 {
        byte += 1;
    }
    x + y + byte as isize - 4
