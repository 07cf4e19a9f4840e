# podium: passed
    total = 0
    for i in 1:2:length(lst)
        if isodd(lst[i])
            total += lst[i]
        end
    end
    return total
end
