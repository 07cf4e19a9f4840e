// podium: passed
    for _, x := range l {
        if x >= t {
            return false
        }
    }
    return true
}
