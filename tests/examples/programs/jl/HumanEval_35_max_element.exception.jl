# podium: failed
    throw(ArgumentError("no elements"))
end
