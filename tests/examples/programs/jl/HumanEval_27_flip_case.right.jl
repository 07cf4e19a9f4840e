# podium: passed
    return map(c -> isuppercase(c) ? lowercase(c) : uppercase(c), string)
end
