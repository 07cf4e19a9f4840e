-- podium: passed
    if n < 2 then
        return false
    end
    local d = 2
    while d * d <= n do
        if n % d == 0 then
            return false
        end
        d = d + 1
    end
    return true
end
