# podium: passed
    count = 0
    for i in 1:length(string)-length(substring)+1
        if string[i:i+length(substring)-1] == substring
            count += 1
        end
    end
    return count
end
