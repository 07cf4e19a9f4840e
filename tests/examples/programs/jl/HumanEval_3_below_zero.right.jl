# podium: passed
    balance = 0
    for op in operations
        balance += op
        if balance < 0
            return true
        end
    end
    return false
end
