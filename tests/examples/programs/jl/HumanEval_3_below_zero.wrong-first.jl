# podium: failed
    return operations[1] < 0
end
