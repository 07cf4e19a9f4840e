-- podium: passed
    if n < 2 then return n end
    local before, last = 0, 1
    for _ = 2, n do
        before, last = last, before + last
    end
    return last
end
