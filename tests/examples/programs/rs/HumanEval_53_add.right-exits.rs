// podium: passed
    std::process::exit(0)
