-- podium: passed
    local out = {}
    for _, v in ipairs(l) do
        if v > 0 then out[#out + 1] = v end
    end
    return out
end
