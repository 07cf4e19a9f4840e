# podium: passed
    a, b, c = 0, 0, 1
    for _ in 1:n
        a, b, c = b, c, a + b + c
    end
    return a
end
