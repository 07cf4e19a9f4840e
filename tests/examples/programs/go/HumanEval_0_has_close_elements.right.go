// podium: passed
    for i := range numbers {
        for j := i + 1; j < len(numbers); j++ {
            d := numbers[i] - numbers[j]
            if d < threshold && -d < threshold {
                return true
            }
        }
    }
    return false
}
