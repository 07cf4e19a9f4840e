# podium: passed
    if (length(numbers) == 0) {
        return(c())
    }
    out <- numbers[1]
    for (value in numbers[-1]) {
        out <- c(out, delimeter, value)
    }
    out
}
