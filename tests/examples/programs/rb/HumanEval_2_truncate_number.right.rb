# podium: passed
  number - number.floor
end
