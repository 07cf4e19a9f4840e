;; podium: passed
  (let loop ([n n] [d 2])
    (cond
      [(= n 1) '()]
      [(= 0 (remainder n d)) (cons d (loop (quotient n d) d))]
      [else (loop n (+ d 1))])))
