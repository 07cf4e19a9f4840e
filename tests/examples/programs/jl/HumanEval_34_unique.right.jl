# podium: passed
    return sort(collect(Set(l)))
end
