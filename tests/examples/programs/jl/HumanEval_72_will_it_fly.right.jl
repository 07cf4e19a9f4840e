# podium: passed
    return q == reverse(q) && sum(q) <= w
end
