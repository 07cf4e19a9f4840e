# podium: passed
    return number - floor(number)
end
