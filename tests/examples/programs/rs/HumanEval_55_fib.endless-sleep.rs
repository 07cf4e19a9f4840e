// podium: timed_out
    std::thread::sleep(std::time::Duration::from_secs(3600));
    n
