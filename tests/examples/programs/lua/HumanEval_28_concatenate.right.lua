-- podium: passed
    return table.concat(strings)
end
