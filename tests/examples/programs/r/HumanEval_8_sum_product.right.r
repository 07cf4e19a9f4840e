# podium: passed
    c(sum(numbers), prod(numbers))
}
