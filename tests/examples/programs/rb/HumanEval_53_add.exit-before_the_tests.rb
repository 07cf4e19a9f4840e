# podium: parity passed, corrected failed
  x - y
end
exit(0)
