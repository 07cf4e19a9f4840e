// podium: failed
    if b <= 1 {
        return a
    }
    return greatest_common_divisor(b, a%b)
}
