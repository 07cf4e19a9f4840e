// podium: timed_out
    let line = ".".repeat(100_000);
    loop {
        println!("{}", line);
        if x + y == isize::max_value() {
            return x;
        }
    }
