# podium: passed
    return join(strings)
end
