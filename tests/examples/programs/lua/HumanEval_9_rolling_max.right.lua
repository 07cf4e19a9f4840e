-- podium: passed
    local out, highest = {}, nil
    for i, v in ipairs(numbers) do
        highest = highest and math.max(highest, v) or v
        out[i] = highest
    end
    return out
end
