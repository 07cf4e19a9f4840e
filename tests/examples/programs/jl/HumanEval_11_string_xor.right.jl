# podium: passed
    return join(x == y ? '0' : '1' for (x, y) in zip(a, b))
end
