;; podium: syntax_error
  (quotient (* n (+ n 1)) 2)
