# podium: passed
    exit(0)
end
