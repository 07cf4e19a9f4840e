# podium: failed
  balance = 0
  operations.find { |step| (balance += step) < 0 }
end
