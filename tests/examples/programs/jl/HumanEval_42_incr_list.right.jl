# podium: passed
    return l .+ 1
end
