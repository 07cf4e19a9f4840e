# podium: timed_out
    while true
    end
end
