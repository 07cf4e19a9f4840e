-- podium: passed
    local out = {}
    for i, v in ipairs(numbers) do
        if i > 1 then
            table.insert(out, delimeter)
        end
        table.insert(out, v)
    end
    return out
end
