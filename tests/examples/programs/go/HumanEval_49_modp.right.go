// podium: passed
    result := 1
    for ; n > 0; n-- {
        result = result * 2 % p
    }
    return result
}
