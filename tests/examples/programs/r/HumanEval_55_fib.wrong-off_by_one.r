# podium: failed
    if (n <= 2) n else Recall(n - 1) + Recall(n - 2)
}
