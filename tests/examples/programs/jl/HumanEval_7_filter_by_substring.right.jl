# podium: passed
    return filter(s -> occursin(substring, s), strings)
end
