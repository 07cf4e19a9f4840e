// podium: passed
    sum, product := 0, 1
    for _, x := range numbers {
        sum += x
        product *= x
    }
    return []interface{}{sum, product}
}
