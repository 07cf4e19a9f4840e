-- podium: timed_out
    while true do end
end
