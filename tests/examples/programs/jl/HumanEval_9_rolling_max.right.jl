# podium: passed
    return accumulate(max, numbers)
end
