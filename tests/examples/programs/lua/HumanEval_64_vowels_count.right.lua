-- podium: passed
    local _, count = s:lower():gsub('[aeiou]', '')
    if s:lower():sub(-1) == 'y' then
        count = count + 1
    end
    return count
end
