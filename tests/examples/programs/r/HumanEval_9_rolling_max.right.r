# podium: passed
    if (length(numbers) == 0) return(c())
    cummax(numbers)
}
