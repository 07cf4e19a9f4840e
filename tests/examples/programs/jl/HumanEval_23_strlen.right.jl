# podium: passed
    return length(string)
end
