-- podium: passed
    local a, b, c = 0, 0, 1
    for _ = 1, n do
        a, b, c = b, c, a + b + c
    end
    return a
end
