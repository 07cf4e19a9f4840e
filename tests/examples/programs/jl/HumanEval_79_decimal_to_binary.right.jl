# podium: passed
    return "db" * string(decimal, base=2) * "db"
end
