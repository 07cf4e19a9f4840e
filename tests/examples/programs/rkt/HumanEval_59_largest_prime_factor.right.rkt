;; podium: passed
  (let loop ([n n] [d 2])
    (cond
      [(> (* d d) n) n]
      [(= 0 (modulo n d)) (loop (quotient n d) d)]
      [else (loop n (+ d 1))])))
