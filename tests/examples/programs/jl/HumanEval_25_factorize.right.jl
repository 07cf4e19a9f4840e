# podium: passed
    factors = Int64[]
    p = 2
    while n > 1
        while n % p == 0
            push!(factors, p)
            n = div(n, p)
        end
        p += 1
    end
    return factors
end
