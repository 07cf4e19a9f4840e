# podium: passed
    return all(x -> x < t, l)
end
