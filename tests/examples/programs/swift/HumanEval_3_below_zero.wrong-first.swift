// podium: failed
    return operations.first == -1
