# podium: passed
  text == text.reverse
end
