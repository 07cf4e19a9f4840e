# podium: passed
    return [s for s in strings if startswith(s, prefix)]
end
