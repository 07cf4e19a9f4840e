-- podium: passed
    local out = {}
    for i = 0, n do
        out[#out + 1] = tostring(i)
    end
    return table.concat(out, ' ')
end
