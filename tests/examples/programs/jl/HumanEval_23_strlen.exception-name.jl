# podium: failed
    return len(string)
end
