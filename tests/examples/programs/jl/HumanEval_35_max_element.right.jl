# podium: passed
    best = l[1]
    for x in l
        if x > best
            best = x
        end
    end
    return best
end
