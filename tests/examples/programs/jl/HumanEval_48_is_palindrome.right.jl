# podium: passed
    return text == reverse(text)
end
