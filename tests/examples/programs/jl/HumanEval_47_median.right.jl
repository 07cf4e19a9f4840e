# podium: passed
    s = sort(l)
    middle = div(length(s), 2)
    if length(s) % 2 == 1
        return s[middle+1]
    end
    return (s[middle] + s[middle+1]) / 2
end
