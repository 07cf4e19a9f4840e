-- podium: passed
    return x + y
end
