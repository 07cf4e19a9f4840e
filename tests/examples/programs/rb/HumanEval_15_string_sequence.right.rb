# podium: passed
  (0..n).to_a.join(' ')
end
