// podium: passed
    return Array(Set(l)).sorted()
