// podium: passed
    mean, spread := 0.0, 0.0
    for _, x := range numbers {
        mean += x / float64(len(numbers))
    }
    for _, x := range numbers {
        if x > mean {
            spread += x - mean
        } else {
            spread += mean - x
        }
    }
    return spread / float64(len(numbers))
}
