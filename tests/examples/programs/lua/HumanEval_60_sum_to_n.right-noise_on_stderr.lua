-- podium: passed
    io.stderr:write('n is ', n, '\n')
    return n * (n + 1) // 2
end
