# podium: passed
  balance = 0
  operations.any? { |step| (balance += step) < 0 }
end
