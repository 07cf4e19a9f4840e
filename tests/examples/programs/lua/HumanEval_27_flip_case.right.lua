-- podium: passed
    return (string:gsub('%a', function(c)
        return c == c:lower() and c:upper() or c:lower()
    end))
end
