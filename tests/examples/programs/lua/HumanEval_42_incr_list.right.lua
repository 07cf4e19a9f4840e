-- podium: passed
    local out = {}
    for i = 1, #l do out[i] = l[i] + 1 end
    return out
end
