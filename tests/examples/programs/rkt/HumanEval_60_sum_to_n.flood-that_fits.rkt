;; podium: passed
  (for ([_ 100]) (displayln (make-string 99 #\x)))
  (quotient (* n (+ n 1)) 2))
