// podium: failed
    panic("told")
}
