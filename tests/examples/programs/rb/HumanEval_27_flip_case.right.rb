# podium: passed
  string.swapcase
end
