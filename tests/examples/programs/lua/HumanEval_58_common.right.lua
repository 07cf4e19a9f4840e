-- podium: passed
    local there, out = {}, {}
    for _, v in ipairs(l2) do there[v] = true end
    for _, v in ipairs(l1) do
        if there[v] then
            there[v] = nil
            out[#out + 1] = v
        end
    end
    table.sort(out)
    return out
end
