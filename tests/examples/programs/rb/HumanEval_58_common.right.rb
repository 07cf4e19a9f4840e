# podium: passed
  (l1 & l2).sort
end
