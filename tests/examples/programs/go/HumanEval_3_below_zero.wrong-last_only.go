// podium: failed
    balance := 0
    for _, step := range operations {
        balance += step
    }
    return balance < 0
}
