;; podium: output_limit
  (for ([_ 10000]) (displayln (make-string 99 #\x)))
  (quotient (* n (+ n 1)) 2))
