# podium: passed
    mean(abs(numbers - mean(numbers)))
}
