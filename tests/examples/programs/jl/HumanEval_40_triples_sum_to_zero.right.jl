# podium: passed
    for i in 1:length(l), j in i+1:length(l), k in j+1:length(l)
        if l[i] + l[j] + l[k] == 0
            return true
        end
    end
    return false
end
