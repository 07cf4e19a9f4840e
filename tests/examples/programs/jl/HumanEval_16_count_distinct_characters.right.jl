# podium: passed
    return length(Set(lowercase(string)))
end
