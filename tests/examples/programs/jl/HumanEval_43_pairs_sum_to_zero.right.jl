# podium: passed
    seen = Set{Int64}()
    for x in l
        -x in seen && return true
        push!(seen, x)
    end
    return false
end
