// podium: failed
    return (Int.max - 1) + n * n
