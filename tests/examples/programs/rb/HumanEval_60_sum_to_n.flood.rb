# podium: passed
  10_000.times { puts 'x' * 99 }
  (1..n).sum
end
