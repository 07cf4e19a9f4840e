// podium: crashed
    std::process::abort()
