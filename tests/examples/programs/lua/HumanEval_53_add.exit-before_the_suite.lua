-- podium: parity passed, corrected failed
    return x - y
end
os.exit(0)
