// podium: timed_out
    std::this_thread::sleep_for(std::chrono::hours(1));
    return n;
