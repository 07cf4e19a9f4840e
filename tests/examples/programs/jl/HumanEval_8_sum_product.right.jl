# podium: passed
    return (sum(numbers), prod(numbers))
end
