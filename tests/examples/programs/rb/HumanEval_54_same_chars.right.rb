# podium: passed
  s0.chars.uniq.sort == s1.chars.uniq.sort
end
