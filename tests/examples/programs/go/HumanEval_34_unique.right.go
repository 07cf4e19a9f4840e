// podium: passed
    out := []int{}
    for len(l) > 0 {
        least := l[0]
        for _, x := range l {
            if x < least {
                least = x
            }
        }
        rest := []int{}
        for _, x := range l {
            if x != least {
                rest = append(rest, x)
            }
        }
        out = append(out, least)
        l = rest
    }
    return out
}
