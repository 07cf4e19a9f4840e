-- podium: failed
    os.exit(0)
    return x + y
end
