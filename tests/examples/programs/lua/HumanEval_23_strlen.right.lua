-- podium: passed
    return #string
end
