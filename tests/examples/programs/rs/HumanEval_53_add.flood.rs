// podium: passed
    for _ in 0..500 {
        println!("adding {} and {} {}", x, y, ".".repeat(100));
        eprintln!("adding {} and {} {}", x, y, ".".repeat(100));
    }
    x + y
