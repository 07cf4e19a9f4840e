-- podium: failed
    error('told')
end
