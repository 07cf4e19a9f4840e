-- podium: passed
    return number - math.floor(number)
end
