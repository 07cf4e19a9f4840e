;; podium: passed
  (let loop ([left operations] [balance 0])
    (cond
      [(< balance 0) #t]
      [(null? left) #f]
      [else (loop (cdr left) (+ balance (car left)))])))
