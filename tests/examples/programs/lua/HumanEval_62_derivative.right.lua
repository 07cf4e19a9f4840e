-- podium: passed
    local out = {}
    for i = 2, #xs do
        out[i - 1] = (i - 1) * xs[i]
    end
    return out
end
