-- podium: passed
    local seen, out = {}, {}
    for _, v in ipairs(l) do
        if not seen[v] then
            seen[v] = true
            out[#out + 1] = v
        end
    end
    table.sort(out)
    return out
end
