# podium: passed
    return join(0:n, " ")
end
