;; podium: passed
  (quotient (* n (+ n 1)) 2))
