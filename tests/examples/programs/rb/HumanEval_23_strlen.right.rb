# podium: passed
  string.length
end
