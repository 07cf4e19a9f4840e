// podium: timed_out
    while true {
    }
