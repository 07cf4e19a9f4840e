# podium: passed
  l.uniq.sort
end
