# podium: passed
    total = 0
    for c in s
        if isuppercase(c)
            total += Int(c)
        end
    end
    return total
end
