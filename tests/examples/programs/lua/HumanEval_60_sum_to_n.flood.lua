-- podium: output_limit
    for _ = 1, 10000 do print(string.rep('x', 99)) end
    return n * (n + 1) // 2
end
