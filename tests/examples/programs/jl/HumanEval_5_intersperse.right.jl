# podium: passed
    result = Int64[]
    for (i, n) in enumerate(numbers)
        i > 1 && push!(result, delimeter)
        push!(result, n)
    end
    return result
end
