# podium: passed
    return n >= 8 && iseven(n)
end
