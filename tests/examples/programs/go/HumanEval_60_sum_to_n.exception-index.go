// podium: failed
    return []int{1}[n]
}
