-- podium: failed
    local balance = 0
    for _, step in ipairs(operations) do
        balance = balance + step
        if balance < 0 then
            return true
        end
    end
end
