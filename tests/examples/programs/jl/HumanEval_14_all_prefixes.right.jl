# podium: passed
    return String[string[1:i] for i in 1:length(string)]
end
