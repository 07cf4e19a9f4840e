-- podium: syntax_error
    return n * (n + 1 // 2
end
