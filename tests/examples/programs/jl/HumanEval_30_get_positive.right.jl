# podium: passed
    return filter(x -> x > 0, l)
end
