# podium: timed_out
    repeat {}
}
