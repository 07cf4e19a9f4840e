# podium: passed
  l == l.sort || l == l.sort.reverse
end
