// podium: passed
    for _ in 0..50 {
        println!("adding {} and {}", x, y);
    }
    x + y
