-- podium: passed
    local text = ''
    while x > 0 do
        text = tostring(x % base) .. text
        x = x // base
    end
    return text
end
