# podium: passed
    best = 1
    p = 2
    while n > 1
        if n % p == 0
            best = p
            n = div(n, p)
        else
            p += 1
        end
    end
    return best
end
