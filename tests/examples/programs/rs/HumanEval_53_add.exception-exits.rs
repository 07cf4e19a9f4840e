// podium: failed
    std::process::exit(3)
