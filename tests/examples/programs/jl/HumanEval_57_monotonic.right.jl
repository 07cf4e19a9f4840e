# podium: passed
    return issorted(l) || issorted(l, rev=true)
end
