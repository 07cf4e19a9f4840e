# podium: passed
    return Int64[i * xs[i+1] for i in 1:length(xs)-1]
end
