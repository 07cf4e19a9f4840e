# podium: passed
    return string(x, base=base)
end
