-- podium: passed
    return (text:gsub('[aeiouAEIOU]', ''))
end
