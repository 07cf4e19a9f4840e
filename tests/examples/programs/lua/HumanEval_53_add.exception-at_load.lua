-- podium: failed
    return x + y
end
error('told')
