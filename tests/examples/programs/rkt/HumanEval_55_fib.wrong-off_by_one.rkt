;; podium: failed
  (if (< n 3)
      n
      (+ (fib (- n 1)) (fib (- n 2)))))
