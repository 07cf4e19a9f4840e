# podium: passed
    for i in 1:length(numbers), j in i+1:length(numbers)
        abs(numbers[i] - numbers[j]) < threshold && return true
    end
    return false
end
