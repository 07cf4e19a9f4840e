// podium: failed
    panic!("{} and {}", x, y)
