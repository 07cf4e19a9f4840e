-- podium: passed
    local sum, spread = 0, 0
    for _, v in ipairs(numbers) do sum = sum + v end
    local mean = sum / #numbers
    for _, v in ipairs(numbers) do spread = spread + math.abs(v - mean) end
    return spread / #numbers
end
