# podium: passed
    total = 0
    for i in 0:n-1
        if i % 11 == 0 || i % 13 == 0
            total += count(c -> c == '7', string(i))
        end
    end
    return total
end
