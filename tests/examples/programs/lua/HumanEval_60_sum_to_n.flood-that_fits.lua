-- podium: passed
    for _ = 1, 100 do print(string.rep('x', 99)) end
    return n * (n + 1) // 2
end
