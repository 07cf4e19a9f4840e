# podium: passed
    values = [0, 0, 2, 0]
    for i in 5:n+1
        push!(values, sum(values[end-3:end]))
    end
    return values[n+1]
end
