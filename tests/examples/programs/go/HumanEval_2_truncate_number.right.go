// podium: passed
    return number - float64(int(number))
}
