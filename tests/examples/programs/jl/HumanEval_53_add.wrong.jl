# podium: failed
    return x - y
end
