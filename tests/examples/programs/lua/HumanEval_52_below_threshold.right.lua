-- podium: passed
    for _, v in ipairs(l) do
        if v >= t then return false end
    end
    return true
end
