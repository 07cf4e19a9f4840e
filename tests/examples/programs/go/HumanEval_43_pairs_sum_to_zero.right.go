// podium: passed
    seen := map[int]bool{}
    for _, x := range l {
        if seen[-x] {
            return true
        }
        seen[x] = true
    }
    return false
}
