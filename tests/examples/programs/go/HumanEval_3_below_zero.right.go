// podium: passed
    balance := 0
    for _, step := range operations {
        balance += step
        if balance < 0 {
            return true
        }
    }
    return false
}
