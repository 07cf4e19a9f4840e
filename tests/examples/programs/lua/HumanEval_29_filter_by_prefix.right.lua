-- podium: passed
    local out = {}
    for _, s in ipairs(strings) do
        if s:sub(1, #prefix) == prefix then
            out[#out + 1] = s
        end
    end
    return out
end
