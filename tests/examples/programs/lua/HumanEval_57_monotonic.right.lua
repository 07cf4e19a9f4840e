-- podium: passed
    local up, down = true, true
    for i = 2, #l do
        if l[i] < l[i - 1] then up = false end
        if l[i] > l[i - 1] then down = false end
    end
    return up or down
end
