-- podium: passed
    local sum = 0
    for c in s:gmatch('%u') do
        sum = sum + c:byte()
    end
    return sum
end
