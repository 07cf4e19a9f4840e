;; podium: parity failed, corrected passed
  (eprintf "n is ~a\n" n)
  (quotient (* n (+ n 1)) 2))
