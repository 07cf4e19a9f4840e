# podium: passed
    root = round(Int64, cbrt(a))
    return root^3 == a
end
