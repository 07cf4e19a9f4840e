-- podium: passed
    local total, product = 0, 1
    for _, v in ipairs(numbers) do
        total = total + v
        product = product * v
    end
    return {total, product}
end
