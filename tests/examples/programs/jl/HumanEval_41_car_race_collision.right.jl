# podium: passed
    return n^2
end
