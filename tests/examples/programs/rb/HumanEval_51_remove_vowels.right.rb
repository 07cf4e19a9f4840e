# podium: passed
  text.delete('aeiouAEIOU')
end
