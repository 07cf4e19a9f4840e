-- podium: passed
    local out, d = {}, 2
    while n > 1 do
        if n % d == 0 then
            out[#out + 1] = d
            n = n // d
        else
            d = d + 1
        end
    end
    return out
end
