-- podium: passed
    return text == text:reverse()
end
