# podium: passed
    any(cumsum(operations) < 0)
}
