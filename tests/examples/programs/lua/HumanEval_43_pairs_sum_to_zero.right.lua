-- podium: passed
    local seen = {}
    for _, v in ipairs(l) do
        if seen[-v] then
            return true
        end
        seen[v] = true
    end
    return false
end
