;; podium: passed
  (match n
    [0 0]
    [1 0]
    [2 1]
    [_ (+ (fibfib (- n 1)) (fibfib (- n 2)) (fibfib (- n 3)))]))
