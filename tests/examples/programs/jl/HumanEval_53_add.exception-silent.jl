# podium: failed
    exit(3)
end
