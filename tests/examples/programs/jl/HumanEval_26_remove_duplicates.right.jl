# podium: passed
    return [n for n in numbers if count(x -> x == n, numbers) == 1]
end
