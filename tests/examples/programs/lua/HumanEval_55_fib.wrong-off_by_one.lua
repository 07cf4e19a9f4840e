-- podium: failed
    local a, b = 0, 1
    for _ = 1, n do
        a, b = b, a + b
    end
    return b
end
