-- podium: passed
    local result = 1
    for _ = 1, n do
        result = result * 2 % p
    end
    return result
end
