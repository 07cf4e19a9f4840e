// podium: output_limit
    let line = ".".repeat(100_000);
    loop {
        println!("{}", line);
        if x + y == isize::max_value() {
            return x;
        }
    }
