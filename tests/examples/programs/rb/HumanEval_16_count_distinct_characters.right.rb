# podium: passed
  string.downcase.chars.uniq.length
end
