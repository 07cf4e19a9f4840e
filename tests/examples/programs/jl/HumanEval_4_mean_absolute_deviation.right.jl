# podium: passed
    average = sum(numbers) / length(numbers)
    return sum(abs.(numbers .- average)) / length(numbers)
end
