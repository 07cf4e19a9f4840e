# podium: passed
    if n < 2
        return false
    end
    i = 2
    while i * i <= n
        n % i == 0 && return false
        i += 1
    end
    return true
end
