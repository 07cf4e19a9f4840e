# podium: passed
    return filter(c -> !(c in "aeiouAEIOU"), text)
end
