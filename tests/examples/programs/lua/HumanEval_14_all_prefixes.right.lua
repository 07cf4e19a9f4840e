-- podium: passed
    local out = {}
    for i = 1, #string do
        out[i] = string:sub(1, i)
    end
    return out
end
