-- podium: passed
    local factor, d = 1, 2
    while n > 1 do
        while n % d == 0 do
            factor = d
            n = n // d
        end
        d = d + 1
    end
    return factor
end
