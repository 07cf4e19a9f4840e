// podium: failed
    fatalError("no elements")
