# podium: passed
    return powermod(2, n, p)
end
